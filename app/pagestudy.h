// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/study.h"
#include "widgets/studytext.h"

#include <QString>

#include <memory>
#include <string>
#include <vector>

namespace app {

struct LogitsLook;
struct TensorLook;

// The study of a tab that belongs to no method, as it is exported.
struct PageStudy
{
    std::string tab;
    QString title;
    QString about; // begins the caption; %1 is the model
    engine::Study study;
    widgets::StudyNames names;
    std::vector<std::string> pieces; // of the tokens, for data files
};

inline constexpr const char* logitsTab = "logits";
inline constexpr const char* tensorTab = "tensor";

std::shared_ptr<const PageStudy> logitsPage(const LogitsLook& look);
std::shared_ptr<const PageStudy> tensorPage(const TensorLook& look);

} // namespace app

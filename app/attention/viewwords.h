// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/attention/attentionview.h"

#include <QString>
#include <QStringList>

#include <utility>
#include <vector>

namespace app {

// What the Attention view can be set to, in the words of its menu.

template <typename Value>
struct ViewChoice
{
    QString title;
    Value AttentionView::*member;
    std::vector<std::pair<QString, Value>> values;
};

ViewChoice<AttentionView::Picture> pictureChoice();
ViewChoice<AttentionView::Mode> modeChoice();
ViewChoice<AttentionView::Sinks> sinksChoice();
ViewChoice<double> massChoice();
ViewChoice<AttentionView::Heads> headsChoice();
ViewChoice<bool> rowChoice();
ViewChoice<std::string> metricChoice(); // of the head navigator
ViewChoice<std::string> orderChoice();  // of its heads

struct ViewFlag
{
    QString title;
    bool AttentionView::*member;
};

std::vector<ViewFlag> viewFlags();

// What two views draw differently: "Picture ‘Maps’, now ‘Arcs between tokens’".
QStringList changesBetween(const AttentionView& then, const AttentionView& now);

} // namespace app

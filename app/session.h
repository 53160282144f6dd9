// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/documentstate.h"

#include <QByteArray>
#include <QMap>
#include <QStringList>

#include <filesystem>
#include <string>

namespace app {

// A *.subquad file: the whole DocumentState as versioned JSON. Paths inside the file's own folder or near it are
// relative to it, so that a folder can be moved; keys of later versions are kept. Values only, no file is touched.
struct SessionFile
{
    DocumentState state;
    std::string weightsHash; // SHA-256 of the weights it was made with; empty: not known
};

// `folder` is where the file will stand; empty: paths stay absolute.
QByteArray sessionBytes(const SessionFile& session, const std::filesystem::path& folder);

// Throws engine::Error{Format} with what was found and what was expected.
SessionFile sessionOf(const QByteArray& bytes, const std::filesystem::path& folder);

// What of one state differs from another, one line each: "prompt", "lane 2: TaylorShift τ 4 instead of τ 1".
QStringList whatChanged(const DocumentState& before, const DocumentState& after);

// What the window remembers from one start to the next.
struct Memory
{
    QStringList recent; // newest first, absolute, at most 9
    bool dark = false;
    double scale = 1;
    QMap<QString, QString> keys = {}; // a command's own keys, and those the user gave it in their place

    bool operator==(const Memory&) const = default;
};

inline constexpr qsizetype mostRecent = 9;

QByteArray memoryBytes(const Memory& memory);
Memory memoryOf(const QByteArray& bytes); // what cannot be read is as on the first day

} // namespace app

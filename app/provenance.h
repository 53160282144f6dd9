// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/documentstate.h"

#include <QByteArray>
#include <QJsonObject>

#include <optional>
#include <string>

namespace app {

struct FigureSource; // app/figures.h

// Where the numbers of an exported file come from: explorer.md §5.2, with the whole session under "session", so that
// the view can be opened again.
QJsonObject provenanceOf(const FigureSource& source, const std::string& view);

// The session that a figure holds; nullopt where the file is no figure of this program. Throws as fromJson.
std::optional<DocumentState> sessionIn(const QByteArray& figure);

} // namespace app

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/paint.h"

#include <QIcon>

namespace app {

// A method's marker before its name in a list; chosen, it keeps its colour.
QIcon markerIcon(const widgets::Identity& identity);

} // namespace app

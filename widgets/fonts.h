// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStringList>

namespace widgets {

// The families that text is set in, the first that the machine has: Inter, Noto Sans, DejaVu Sans.
const QStringList& textFamilies();

// Sets them for every Theme::font() from here on; none is the usual ones. What is laid out already asks for its font
// again when the theme is set. GUI thread, while no figure is drawn.
void setTextFamilies(const QStringList& chosen);

} // namespace widgets

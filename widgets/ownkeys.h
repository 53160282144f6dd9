// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include <vector>

namespace widgets {

// While `view` has the focus these keys are its own, pressed alone or with Shift, and not shortcuts of the window.
void ownKeys(QWidget& view, std::vector<Qt::Key> keys);

// Left, Right, Up and Down.
std::vector<Qt::Key> arrowKeys();

} // namespace widgets

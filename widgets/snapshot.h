// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QImage>
#include <QSize>

class QWidget;

namespace widgets {

// A widget as a picture at a size, laid out but not shown: for tests and the tour. Figures are not made with this.
QImage snapshot(QWidget& widget, QSize size);

} // namespace widgets

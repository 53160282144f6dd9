// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/snapshot.h"

#include <QWidget>

namespace widgets {

QImage snapshot(QWidget& widget, QSize size)
{
    widget.resize(size);
    widget.ensurePolished();
    return widget.grab().toImage();
}

} // namespace widgets

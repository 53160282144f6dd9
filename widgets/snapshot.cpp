// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/snapshot.h"

#include <QLayout>
#include <QWidget>

namespace widgets {

QImage snapshot(QWidget& widget, QSize size)
{
    widget.ensurePolished();
    if (widget.layout() != nullptr)
        widget.layout()->activate(); // what folded since may allow the size only now
    widget.resize(size);
    return widget.grab().toImage();
}

} // namespace widgets

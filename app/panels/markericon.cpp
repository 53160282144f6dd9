// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/markericon.h"

#include "widgets/theme.h"

#include <QPainter>

namespace app {

QIcon markerIcon(const widgets::Identity& identity)
{
    const int side = widgets::theme().px(16);
    QPixmap picture(side, side);
    picture.fill(Qt::transparent);
    QPainter painter(&picture);
    widgets::drawMarker(painter, identity, {side / 2.0, side / 2.0}, widgets::theme().px(8));
    painter.end();
    QIcon icon(picture);
    icon.addPixmap(picture, QIcon::Selected);
    return icon;
}

} // namespace app

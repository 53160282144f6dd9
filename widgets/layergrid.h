// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/grid.h"
#include "engine/values/ids.h"
#include "widgets/colormap.h"
#include "widgets/gridimage.h"
#include "widgets/theme.h"

#include <optional>

namespace widgets {

// Layers × heads as a small grid coloured by one number each: where am I, where is the error. With one column it is a
// rail of layers.
class LayerGrid : public View
{
    Q_OBJECT

public:
    explicit LayerGrid(QWidget* parent = nullptr);

    // One row per layer, one column per head; not a number: not known yet, hatched.
    void setNumbers(const engine::Grid& numbers, const ColorScale& scale);
    void setPicked(engine::LayerIndex layer, engine::HeadIndex head);
    // Below the grid: "mean 40 %" and "worst 2·7 59 %".
    void setFooter(const QString& left, const QString& right);

    QRectF rectOf(Cell cell) const;

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void picked(engine::LayerIndex layer, engine::HeadIndex head);
    void hovered(engine::LayerIndex layer, engine::HeadIndex head);
    void left();

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;

private:
    std::optional<Cell> at(QPointF point) const;
    void pick(Cell cell);

    engine::Grid m_numbers;
    ColorScale m_scale;
    Cell m_picked;
    std::optional<Cell> m_over;
    QString m_footerLeft, m_footerRight;
};

} // namespace widgets

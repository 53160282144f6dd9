// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/paint.h"
#include "widgets/theme.h"

#include <vector>

namespace widgets {

// Relative error after each layer: bars where that layer alone is replaced, a line where all up to it are. A click
// picks a layer.
class LayerErrors : public View
{
    Q_OBJECT

public:
    explicit LayerErrors(QWidget* parent = nullptr);

    // One number each per layer; not a number: not known.
    void setErrors(std::vector<double> local, std::vector<double> accumulated, const Identity& identity);
    void setPicked(int layer);

    QRectF columnOf(int layer) const;
    QString wordsOf(int layer) const; // "layer 2: alone 3.1 %, up to here 4.0 %"

    QSize sizeHint() const override;

    QSize minimumSizeHint() const override { return sizeHint(); }

signals:
    void picked(int layer);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    bool event(QEvent* event) override;

private:
    QRectF plot() const;
    int at(QPointF point) const; // −1: none
    int layers() const;

    std::vector<double> m_local, m_accumulated;
    Identity m_identity;
    double m_high = 1;
    int m_picked = 0;
};

} // namespace widgets

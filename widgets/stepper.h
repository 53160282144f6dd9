// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/theme.h"

namespace widgets {

// A whole number between two chevrons, after its name: layer ‹ 1 ›. Arrows and the wheel move it.
class Stepper : public View
{
    Q_OBJECT

public:
    explicit Stepper(const QString& name, QWidget* parent = nullptr);

    void setRange(int low, int high);
    void setValue(int value);
    void setZero(const QString& word);      // what is shown for 0
    void setShownName(const QString& name); // a shorter one where there is no room; screen readers keep the whole

    int value() const { return m_value; }

    QSize sizeHint() const override;

    QSize minimumSizeHint() const override { return sizeHint(); }

signals:
    void changed(int value); // by the user only

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;

    void mouseDoubleClickEvent(QMouseEvent* event) override { mousePressEvent(event); }

    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;

private:
    QRectF box() const;
    QString shown(int value) const;
    void step(int by);

    QString m_name, m_zero;
    int m_low = 0, m_high = 0, m_value = 0;
    int m_wheel = 0;
};

} // namespace widgets

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/paint.h"

#include <QAbstractButton>

namespace widgets {

// One method of the compare shelf: marker, name, knobs. The reference has a darker line and a pin, the others a cross.
class Chip : public QAbstractButton
{
    Q_OBJECT

public:
    explicit Chip(QWidget* parent = nullptr);

    void setMethod(const Identity& identity, const QString& knobs = {});
    void setReference(bool reference);
    void setSelected(bool selected); // of several: the one that is looked at
    void setShort(bool isShort);     // the marker alone, where there is no room for names

    QSize sizeHint() const override;

    QSize minimumSizeHint() const override { return sizeHint(); }

signals:
    void closeRequested(); // the cross, or Delete

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    QRectF cross() const;

    bool closable() const { return !m_reference; }

    Identity m_identity;
    QString m_knobs;
    bool m_reference = false;
    bool m_selected = false;
    bool m_short = false;
    bool m_overCross = false;
    bool m_closing = false;
};

} // namespace widgets

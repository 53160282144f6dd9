// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/paint.h"
#include "widgets/theme.h"

#include <vector>

namespace app {

struct LayerRow
{
    QString name; // "all", "1", "2"…
    widgets::Identity identity;
    QString title;    // of the method, with the knobs in force
    QString fidelity; // at the right
    bool own = false; // it has a plan of its own, not everybody's

    bool operator==(const LayerRow&) const = default;
};

// Which method each layer runs; one row is chosen.
class LayerList : public widgets::View
{
    Q_OBJECT

public:
    explicit LayerList(QWidget* parent = nullptr);

    void setRows(std::vector<LayerRow> rows);
    void setCurrent(int row);

    int current() const { return m_current; }

    const std::vector<LayerRow>& rows() const { return m_rows; }

    QSize sizeHint() const override;

    QSize minimumSizeHint() const override { return sizeHint(); }

signals:
    void chosen(int row); // by the user

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    QRectF boxOf(int row) const;
    void drawRow(QPainter& painter, int row) const;

    std::vector<LayerRow> m_rows;
    int m_current = 0, m_over = -1;
    bool m_focusRing = false;
};

} // namespace app

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/theme.h"

#include <limits>
#include <optional>
#include <vector>

namespace widgets {

// One token as it is shown.
struct TokenChip
{
    QString text;
    bool special = false;                                   // begin, end…: named by us, not read from the text
    float tint = std::numeric_limits<float>::quiet_NaN();   // e.g. its loss; not a number: none
    float change = std::numeric_limits<float>::quiet_NaN(); // of that number by the method; not a number: none
    bool stop = false;                                      // playing stops here: a dot at its corner
};

// What tint and change mean.
struct TokenLegend
{
    QString tint, worse, better; // "tint: loss of the exact model", "TaylorShift predicts worse", "better"
    QString range;               // "0 – 6 nats"
    double high = 1;             // the tint's end; it begins at 0
    double change = 1;           // the change that fills the width of a token
};

// The tokens as chips: tinted by a number, a bar of 3 px below for its change, the picked one framed, those after the
// cursor dimmed. Two lines (more scroll), or one scrolling line in the small layout.
class TokenStrip : public View
{
    Q_OBJECT

public:
    explicit TokenStrip(QWidget* parent = nullptr);

    void setTokens(std::vector<TokenChip> tokens);
    void setLegend(const TokenLegend& legend);
    // How many tokens have been read; the others are dimmed.
    void setCursor(int count);
    // `picked` is the query (framed by a ring with halo), `key` a second token marked by a ring.
    void setMarked(std::optional<int> picked, std::optional<int> key, std::optional<int> hovered);
    void setOneLine(bool oneLine);

    // Where a token stands in the widget; empty if it is scrolled away.
    QRectF rectOf(int index) const;

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void hovered(int index);
    void left();
    void picked(int index);
    void released();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void themeChanged() override;

private:
    void relayout();
    void scrollTo(std::optional<int> index);
    void setScroll(double scroll);
    QRectF room() const; // of the chips
    std::optional<int> at(QPointF point) const;
    void drawLegend(QPainter& painter) const;
    void drawToken(QPainter& painter, int index) const;

    std::vector<TokenChip> m_tokens;
    std::vector<QRectF> m_places; // before scrolling, from (0, 0)
    TokenLegend m_legend;
    int m_cursor = std::numeric_limits<int>::max();
    std::optional<int> m_picked, m_key, m_hovered;
    bool m_oneLine = false;
    bool m_focusRing = false;
    double m_scroll = 0; // pixels: down, or along in one line
};

} // namespace widgets

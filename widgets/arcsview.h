// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/arcs.h"
#include "widgets/theme.h"

#include <QPixmap>
#include <QStringList>

#include <optional>
#include <vector>

namespace widgets {

// Tokens on a line, weights as arcs from query to key: one method above, another below. Pointing at a token shows its
// arcs alone; a click on a token picks it as the query, a click on the token of one of its arcs as the key.
class ArcsView : public View
{
    Q_OBJECT

public:
    explicit ArcsView(QWidget* parent = nullptr);

    void setArcs(ArcsValue value);
    // Tokens: the picked query and key, the hovered query.
    void setMarked(std::optional<int> query, std::optional<int> key, std::optional<int> hovered);

    QPointF pointOf(int token) const; // on the line
    QString wordsOf(int token) const; // "‘bird’ looks at ‘upon’ 0.247, …" for the screen reader

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void hovered(int token);
    void left();
    void picked(int token);
    void released();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void themeChanged() override;
    bool event(QEvent* event) override;

private:
    ArcsLayout arcsLayout() const;

    ArcsValue m_value;
    ArcsMarks m_marks;
    QPixmap m_static; // all arcs, faint
};

} // namespace widgets

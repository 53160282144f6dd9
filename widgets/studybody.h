// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/studydrawing.h"
#include "widgets/theme.h"

#include <QPixmap>

#include <memory>
#include <optional>
#include <vector>

namespace widgets {

// What stands under the title of a study's panel, on screen: its drawing, with hovering, arrow keys and picking, which
// are the same for every kind. What does not change with the pointer is kept as a picture.
class StudyBody : public View
{
    Q_OBJECT

public:
    StudyBody(std::unique_ptr<StudyDrawing> drawing, QWidget* parent);

    // A body of the kind the panel has.
    static StudyBody* make(const engine::Panel& panel, QWidget* parent);

    virtual void setPanel(const engine::Panel& panel, const StudyNames& names);

    std::vector<LegendKey> legend() const { return m_drawing->legend(); }

    const std::optional<StudyPlace>& hoveredPlace() const { return m_over; }

    QString hoverText() const; // of the hovered place; empty: none

    // What it would like to have in a dock, where only the width is given.
    int heightAt(int width) const { return m_drawing->heightAt(width); }

    // How much of a room's width it has use for.
    double usedWidth(QSizeF room) const { return m_drawing->usedWidth(room, devicePixelRatioF()); }

    QSize sizeHint() const override;

    QSize minimumSizeHint() const override { return m_drawing->leastSize(); }

signals:
    void hoverChanged();
    void picked(const std::vector<widgets::StudyPick>& picks);

protected:
    StudyDrawing& drawing() { return *m_drawing; }

    virtual void arranged() {} // widgets of its own go where the drawing has their room

    void redraw(); // the kept picture is out of date
    void setHovered(std::optional<StudyPlace> place);
    void pick(const StudyPlace& place);

    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void themeChanged() override;

private:
    void describe();

    std::unique_ptr<StudyDrawing> m_drawing;
    std::optional<StudyPlace> m_over;
    QPixmap m_static;
    bool m_focusRing = false;
};

} // namespace widgets

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/studytext.h"
#include "widgets/theme.h"

#include <QPixmap>

#include <optional>
#include <vector>

namespace widgets {

// A place of a panel's body: which map or series, which row, which column. Bars use `col`, tables `row`.
struct StudyPlace
{
    int map = 0, row = 0, col = 0;

    bool operator==(const StudyPlace&) const = default;
};

// What stands under the title of a study's panel: heat maps, bars, curves, a table or chips. Hovering, arrow keys and
// picking are the same for all and are here; a kind of body says where its places are, draws them and names them. What
// does not change with the pointer is kept as a picture.
class StudyBody : public View
{
    Q_OBJECT

public:
    explicit StudyBody(QWidget* parent);

    // A body of the kind the panel has.
    static StudyBody* make(const engine::Panel& panel, QWidget* parent);

    void setPanel(const engine::Panel& panel, const StudyNames& names);

    virtual std::vector<LegendKey> legend() const { return {}; }

    const std::optional<StudyPlace>& hoveredPlace() const { return m_over; }

    QString hoverText() const; // of the hovered place; empty: none

    // What it would like to have in a dock, where only the width is given.
    virtual int heightAt(int width) const;

    QSize sizeHint() const override;

signals:
    void hoverChanged();
    void picked(const std::vector<widgets::StudyPick>& picks);

protected:
    virtual void take(const engine::Panel& panel) = 0;

    virtual void arrange() {} // the size, the theme or the value changed

    virtual void draw(QPainter& painter) const = 0;
    virtual void drawHover(QPainter& painter, const StudyPlace& place) const = 0;
    virtual QString summary() const = 0; // for a screen reader: what is there, from where to where
    virtual QString placeText(const StudyPlace& place) const = 0;
    virtual std::optional<StudyPlace> placeAt(QPointF point) const = 0;
    virtual std::optional<StudyPlace> moved(std::optional<StudyPlace> from, int right, int down) const = 0;
    virtual std::vector<StudyPick> picksOf(const StudyPlace& place) const = 0;

    const StudyNames& names() const { return m_names; }

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

    StudyNames m_names;
    std::optional<StudyPlace> m_over;
    QPixmap m_static;
    bool m_focusRing = false;
};

} // namespace widgets

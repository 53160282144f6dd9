// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/studytext.h"
#include "widgets/theme.h"

#include <QCoreApplication>
#include <QSizeF>

#include <memory>
#include <optional>
#include <vector>

class QPainter;

namespace widgets {

// A place of a panel's body: which map or series, which row, which column. Bars use `col`, tables `row`.
struct StudyPlace
{
    int map = 0, row = 0, col = 0;

    bool operator==(const StudyPlace&) const = default;
};

// What stands under the title of a study's panel, drawn into the room it is given: heat maps, bars, curves, a table or
// chips. No widget: StudyBody puts it on screen, a figure on paper, on any thread. A kind says where its places are,
// draws them and names them.
class StudyDrawing
{
    Q_DECLARE_TR_FUNCTIONS(widgets::StudyDrawing)

public:
    StudyDrawing() = default;
    virtual ~StudyDrawing() = default;
    StudyDrawing(const StudyDrawing&) = delete;
    StudyDrawing& operator=(const StudyDrawing&) = delete;

    // A drawing of the kind the panel has, without anything in it yet.
    static std::unique_ptr<StudyDrawing> make(const engine::Panel& panel);

    void setPanel(const engine::Panel& panel, const StudyNames& names); // then setRoom
    // In pixels of the theme in force, `ratio` device pixels each.
    void setRoom(QSizeF room, double ratio = 1);

    virtual QSize leastSize() const = 0;

    // What it would like to have where only the width is given.
    virtual int heightAt(int /*width*/) const { return leastSize().height(); }

    // How much of a room's width it has use for.
    virtual double usedWidth(QSizeF room, double /*ratio*/) const { return room.width(); }

    virtual std::vector<LegendKey> legend() const { return {}; }

    virtual void draw(QPainter& painter) const = 0;

    // What is a control of its own on screen, as a picture for paper.
    virtual void drawControls(QPainter& /*painter*/) const {}

    virtual void drawHover(QPainter& painter, const StudyPlace& place) const = 0;
    virtual QString summary() const = 0; // for a screen reader: what is there, from where to where
    virtual QString placeText(const StudyPlace& place) const = 0;
    virtual std::optional<StudyPlace> placeAt(QPointF point) const = 0;
    virtual std::optional<StudyPlace> moved(std::optional<StudyPlace> from, int right, int down) const = 0;
    virtual std::vector<StudyPick> picksOf(const StudyPlace& place) const = 0;

protected:
    virtual void take(const engine::Panel& panel) = 0;

    virtual void arrange() {} // the room, the theme or the value changed

    const StudyNames& names() const { return m_names; }

    double width() const { return m_room.width(); }

    double height() const { return m_room.height(); }

    double ratio() const { return m_ratio; }

private:
    StudyNames m_names;
    QSizeF m_room;
    double m_ratio = 1;
};

} // namespace widgets

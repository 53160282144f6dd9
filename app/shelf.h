// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/document.h"
#include "app/mainwindow.h"

#include <QObject>

class QMenu;

namespace app {

// The compare shelf: up to six lanes as chips, the first of them the reference. Chips, their menus and the Methods menu
// → Document.
class Shelf : public QObject
{
    Q_OBJECT

public:
    Shelf(Document& document, MainWindow& window);

    // The method of a part of the compared lane: row 0 is every layer, row n the n-th alone.
    void setMethod(int row, const engine::Part& part);

    // Knobs of one head of the compared lane: what the layer's other heads have is kept.
    void setHeadKnobs(engine::LayerIndex layer, engine::HeadIndex head, const engine::KnobValues& values);

    // A lane of that method becomes the compared one; it is added if there is none and there is room.
    void compareWith(const std::string& method);

private:
    void wireChips();
    void fillMenu();
    void popUp(int lane, QPoint where);
    void popUpNew(QPoint where);
    void addMethods(QMenu& menu, const std::string& now, const std::function<void(std::string)>& chosen);
    void choose(int lane);
    void makeReference(int lane);
    bool mayBeReference(const engine::SessionPlan& plan); // else says why not

    Document& m_document;
    MainWindow& m_window;
};

} // namespace app

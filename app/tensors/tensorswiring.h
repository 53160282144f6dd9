// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/mainwindow.h"
#include "app/tensors/tensorwork.h"

namespace widgets {
class StudyView;
}

namespace app {

class Heading;
class TensorsPanel;

// The Tensors dock's and the Tensor tab's part of the circle. The tab is there once a tensor was opened.
class TensorsWiring : public QObject
{
    Q_OBJECT

public:
    TensorsWiring(Document& document, Lanes& lanes, MainWindow& window);

    TensorsPanel& panel() { return *m_panel; }

    widgets::StudyView& page() { return *m_view; }

    TensorWork& work() { return m_work; }

private:
    void showEntries();
    void showLook();
    void choose(const QString& name);
    void open(const QString& name);
    void follow();
    void askWhere();

    Document& m_document;
    MainWindow& m_window;
    TensorWork m_work;
    TensorsPanel* m_panel;
    Heading* m_heading;
    widgets::StudyView* m_view;
};

} // namespace app

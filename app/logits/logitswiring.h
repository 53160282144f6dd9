// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/logits/logitswork.h"
#include "app/mainwindow.h"

class QToolButton;

namespace widgets {
class StudyView;
} // namespace widgets

namespace app {

class Heading;

// The Logits tab's part of the circle: document → work → view → document.
class LogitsWiring : public QObject
{
    Q_OBJECT

signals:
    void exportAsked(); // of a figure

public:
    LogitsWiring(Document& document, Lanes& lanes, MainWindow& window);

    LogitsWork& work() { return m_work; }

    widgets::StudyView& page() { return *m_view; }

private:
    void show();

    Document& m_document;
    LogitsWork m_work;
    Heading* m_heading;
    QToolButton* m_writeOn;
    widgets::StudyView* m_view;
};

} // namespace app

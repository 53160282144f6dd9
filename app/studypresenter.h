// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/document.h"
#include "app/mainwindow.h"
#include "widgets/studytext.h"

#include <QObject>

#include <map>
#include <string>

namespace app {

class StudyPanel;

// The methods' own tabs and the Explain dock: makes a page for every tab that any method declares, shows those that a
// lane's method has, draws what the Document holds and turns picks into selections and controls.
class StudyPresenter : public QObject
{
    Q_OBJECT

signals:
    void exportAsked(); // of a figure

public:
    StudyPresenter(Document& document, MainWindow& window);

    void showTabs(); // which pages there are now, and their controls
    void showStudy(const std::string& tab);
    void showExplain();

private:
    void take(const std::string& tab, const std::vector<widgets::StudyPick>& picks);
    void showSide();
    widgets::StudyNames namesOf(std::string_view method, const struct Sequence& sequence) const;

    Document& m_document;
    MainWindow& m_window;
    std::map<std::string, StudyPanel*> m_pages; // owned by the window
};

} // namespace app

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/document.h"
#include "app/mainwindow.h"

namespace app {

// Document → views: turns what is known into the values that views draw. No decisions about what to do, no work: it
// formats. app/wiring.cpp says when each is called.
class Presenter
{
public:
    Presenter(Document& document, MainWindow& window)
        : m_document(document)
        , m_window(window)
    {
    }

    void showModel();
    void showDevice();
    void showLanes();     // chips
    void showSelection(); // layer, head, counter, marks
    void showPrompt();
    void showTokens();
    void showMarks(); // in the token strip
    void showLive();
    void showMethods();
    void showProbeList();
    void showMessage();
    void showJobs();
    void showTheme();
    void showTab();

private:
    const HeadLook* look(int lane) const;
    const HeadLook* comparedLook() const; // null where the reference stands alone

    Document& m_document;
    MainWindow& m_window;
    std::optional<std::pair<bool, double>> m_theme; // dark, scale; none before the first
};

} // namespace app

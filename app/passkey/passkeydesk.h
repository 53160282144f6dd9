// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/document.h"
#include "app/lanes.h"
#include "app/mainwindow.h"
#ifndef Q_MOC_RUN // moc 6.4 cannot read <concepts>
#include "app/passkey/passkeypanel.h"
#endif
#include "app/passkey/passkeydialog.h"

#include <QObject>

#include <map>
#include <optional>

namespace app {

// The passkey experiment in the tabs that declare it (TabSpec::passkey): a button asks, a job answers, and the grid
// stands below the tab's other panels until the next one is there.
class PasskeyDesk : public QObject
{
    Q_OBJECT

public:
    PasskeyDesk(Document& document, Lanes& lanes, MainWindow& window);

public slots:
    void ask(const std::string& tab);
    void run(const std::string& tab, const app::PasskeyForm& form);

private:
    void show(const std::string& tab);
    void showPrice(const std::string& tab, PasskeyDialog& dialog) const;
    PasskeyForm startForm(const std::string& tab) const;

    Document& m_document;
    Lanes& m_lanes;
    MainWindow& m_window;
    std::optional<PasskeyForm> m_last;                                     // what was asked for last
    std::map<std::string, std::shared_ptr<const PasskeyResult>> m_results; // by tab
    bool m_showing = false;
};

} // namespace app

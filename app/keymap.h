// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/keeper.h"

#include <QAction>
#include <QKeySequence>
#include <QObject>
#include <QPointer>

#include <vector>

class QWidget;

namespace app {

// Which keys run which commands: their own, or those the user gave them, which the keeper remembers.
class KeyMap : public QObject
{
    Q_OBJECT

public:
    KeyMap(Keeper& keeper, QWidget& window);

    QList<QKeySequence> ownKeys(const QAction& action); // as it came; many commands of the menus come without

    // In place of all it has; its own first one gives them all back, no keys what had none. Returns why not: keys that
    // another command has.
    QString give(const QAction& action, const QKeySequence& keys);

    // Asks for keys of one command; `done` when it has others.
    void ask(QAction& action, const std::function<void()>& done);

public slots:
    void apply(); // also to commands that came later

private:
    struct Known
    {
        QPointer<QAction> action;
        QList<QKeySequence> own;
        QString name; // that the keeper knows it by: its first own keys, or where it stands
    };

    void learn();
    const Known* knownAs(const QAction& action);

    Keeper& m_keeper;
    QWidget& m_window;
    std::vector<Known> m_known;
};

} // namespace app

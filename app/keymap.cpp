// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/keymap.h"

#include "widgets/theme.h"

#include <QDialog>
#include <QDialogButtonBox>
#include <QKeySequenceEdit>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

namespace app {
namespace {

QString written(const QKeySequence& keys)
{
    return keys.toString(QKeySequence::PortableText);
}

QString shown(const QKeySequence& keys)
{
    return keys.toString(QKeySequence::NativeText);
}

} // namespace

KeyMap::KeyMap(Keeper& keeper, QWidget& window)
    : m_keeper(keeper)
    , m_window(window)
{
    connect(&keeper, &Keeper::keysChanged, this, &KeyMap::apply);
}

// Commands come with keys of their own; those seen for the first time have nothing else yet.
void KeyMap::learn()
{
    for (QAction* action : m_window.findChildren<QAction*>())
        if (!action->shortcut().isEmpty() && // some desktops have no key for a standard command
            std::ranges::none_of(m_known, [&](const Known& known) { return known.action == action; }))
            m_known.push_back({action, action->shortcuts()});
}

void KeyMap::apply()
{
    learn();
    for (const Known& known : m_known) {
        if (!known.action)
            continue;
        const QString given = m_keeper.keys().value(written(known.own.first()));
        const QKeySequence keys = QKeySequence::fromString(given, QKeySequence::PortableText);
        known.action->setShortcuts(keys.isEmpty() ? known.own : QList{keys});
    }
}

QList<QKeySequence> KeyMap::ownKeys(const QAction& action)
{
    learn();
    const auto found = std::ranges::find_if(m_known, [&](const Known& known) { return known.action == &action; });
    return found == m_known.end() ? QList<QKeySequence>() : found->own;
}

QString KeyMap::give(const QAction& action, const QKeySequence& keys)
{
    const QList<QKeySequence> own = ownKeys(action);
    if (own.isEmpty() || keys.isEmpty())
        return tr("Press the keys first.");
    for (const Known& known : m_known) // also its own keys come back only where nobody else has them now
        if (known.action && known.action != &action)
            for (const QKeySequence& theirs : known.action->shortcuts())
                if (theirs == keys)
                    return tr("%1 belongs to “%2”.").arg(shown(keys), QString(known.action->text()).remove('&'));
    QMap<QString, QString> all = m_keeper.keys();
    if (keys == own.first())
        all.remove(written(own.first()));
    else
        all[written(own.first())] = written(keys);
    m_keeper.setKeys(all);
    return {};
}

void KeyMap::ask(QAction& action, const std::function<void()>& done)
{
    const QList<QKeySequence> own = ownKeys(action);
    if (own.isEmpty())
        return;
    auto* dialog = new QDialog(&m_window);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Keys of a command"));
    auto* column = new QVBoxLayout(dialog);
    column->addWidget(new QLabel(QString(action.text()).remove('&'), dialog));
    auto* edit = new QKeySequenceEdit(action.shortcut(), dialog);
    edit->setAccessibleName(tr("Press the new keys"));
    edit->setToolTip(edit->accessibleName());
    column->addWidget(edit);
    auto* why = new QLabel(tr("Press the new keys. Its own are %1.").arg(shown(own.first())), dialog);
    why->setWordWrap(true);
    column->addWidget(why);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel, dialog);
    auto* back = buttons->addButton(tr("Its own"), QDialogButtonBox::ResetRole);
    column->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::close);
    connect(back, &QPushButton::clicked, edit, [edit, own] { edit->setKeySequence(own.first()); });
    connect(buttons, &QDialogButtonBox::accepted, this,
            [this, dialog, edit, why, done, command = QPointer<QAction>(&action)] {
                // One stroke: of several only the first would be told from another command's.
                const QKeySequence keys = edit->keySequence().isEmpty() ? QKeySequence() : edit->keySequence()[0];
                const QString refused = command ? give(*command, keys) : QString();
                if (!refused.isEmpty()) {
                    why->setText(refused);
                    return;
                }
                dialog->close();
                done();
            });
    dialog->open();
    edit->setFocus();
}

} // namespace app

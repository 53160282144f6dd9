// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/keymap.h"

#include "widgets/theme.h"

#include <QDialog>
#include <QDialogButtonBox>
#include <QKeySequenceEdit>
#include <QLabel>
#include <QMenu>
#include <QMenuBar>
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

QString withoutMnemonic(QString text)
{
    return text.remove('&');
}

// "File › Open a sample › stories-1m"; empty for what stands in no menu of the menu bar.
QString placeOf(const QAction& action)
{
    if (action.isSeparator() || action.menu() != nullptr || action.text().isEmpty())
        return {};
    QStringList place{withoutMnemonic(action.text())};
    const QObject* above = action.parent();
    while (const auto* menu = qobject_cast<const QMenu*>(above)) {
        place.prepend(withoutMnemonic(menu->title()));
        above = menu->parent();
    }
    return qobject_cast<const QMenuBar*>(above) != nullptr ? place.join(QStringLiteral(" › ")) : QString();
}

} // namespace

KeyMap::KeyMap(Keeper& keeper, QWidget& window)
    : m_keeper(keeper)
    , m_window(window)
{
    connect(&keeper, &Keeper::keysChanged, this, &KeyMap::apply);
}

// Those seen for the first time have nothing but what they came with yet.
void KeyMap::learn()
{
    std::erase_if(m_known, [](const Known& known) { return !known.action; });
    for (QAction* action : m_window.findChildren<QAction*>()) {
        if (std::ranges::any_of(m_known, [&](const Known& known) { return known.action == action; }))
            continue;
        // Some desktops have no key for a standard command.
        const QString name = action->shortcut().isEmpty() ? placeOf(*action) : written(action->shortcut());
        if (!name.isEmpty())
            m_known.push_back({action, action->shortcuts(), name});
    }
}

void KeyMap::apply()
{
    learn();
    for (const Known& known : m_known) {
        const QString given = m_keeper.keys().value(known.name);
        const QKeySequence keys = QKeySequence::fromString(given, QKeySequence::PortableText);
        known.action->setShortcuts(keys.isEmpty() ? known.own : QList{keys});
    }
}

const KeyMap::Known* KeyMap::knownAs(const QAction& action)
{
    learn();
    const auto found = std::ranges::find_if(m_known, [&](const Known& known) { return known.action == &action; });
    return found == m_known.end() ? nullptr : &*found;
}

QList<QKeySequence> KeyMap::ownKeys(const QAction& action)
{
    const Known* known = knownAs(action);
    return known == nullptr ? QList<QKeySequence>() : known->own;
}

QString KeyMap::give(const QAction& action, const QKeySequence& keys)
{
    const Known* command = knownAs(action);
    if (command == nullptr || (keys.isEmpty() && !command->own.isEmpty()))
        return tr("Press the keys first.");
    for (const Known& known : m_known) // also its own keys come back only where nobody else has them now
        if (known.action != &action && !keys.isEmpty())
            for (const QKeySequence& theirs : known.action->shortcuts())
                if (theirs == keys)
                    return tr("%1 belongs to “%2”.").arg(shown(keys), withoutMnemonic(known.action->text()));
    QMap<QString, QString> all = m_keeper.keys();
    if (keys == command->own.value(0))
        all.remove(command->name);
    else
        all[command->name] = written(keys);
    m_keeper.setKeys(all);
    return {};
}

void KeyMap::ask(QAction& action, const std::function<void()>& done)
{
    if (knownAs(action) == nullptr)
        return;
    const QKeySequence own = ownKeys(action).value(0);
    auto* dialog = new QDialog(&m_window);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Keys of a command"));
    auto* column = new QVBoxLayout(dialog);
    column->addWidget(new QLabel(withoutMnemonic(action.text()), dialog));
    auto* edit = new QKeySequenceEdit(action.shortcut(), dialog);
    edit->setAccessibleName(tr("Press the new keys"));
    edit->setToolTip(edit->accessibleName());
    column->addWidget(edit);
    auto* why = new QLabel(own.isEmpty() ? tr("Press the new keys. It has none of its own.")
                                         : tr("Press the new keys. Its own are %1.").arg(shown(own)),
                           dialog);
    why->setWordWrap(true);
    column->addWidget(why);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel, dialog);
    auto* back = buttons->addButton(own.isEmpty() ? tr("None") : tr("Its own"), QDialogButtonBox::ResetRole);
    column->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::close);
    connect(back, &QPushButton::clicked, edit, [edit, own] { edit->setKeySequence(own); });
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

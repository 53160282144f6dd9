// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/ownkeys.h"

#include <QKeyEvent>

#include <algorithm>

namespace widgets {
namespace {

class KeyOwner : public QObject
{
public:
    KeyOwner(QWidget& view, std::vector<Qt::Key> keys)
        : QObject(&view)
        , m_keys(std::move(keys))
    {
        view.installEventFilter(this);
    }

    bool eventFilter(QObject* /*watched*/, QEvent* event) override
    {
        if (event->type() != QEvent::ShortcutOverride)
            return false;
        const auto* key = static_cast<QKeyEvent*>(event);
        const bool owned = !(key->modifiers() & (Qt::ControlModifier | Qt::AltModifier | Qt::MetaModifier)) &&
                           std::ranges::find(m_keys, key->key()) != m_keys.end();
        if (owned)
            event->accept();
        return owned;
    }

private:
    std::vector<Qt::Key> m_keys;
};

} // namespace

void ownKeys(QWidget& view, std::vector<Qt::Key> keys)
{
    new KeyOwner(view, std::move(keys)); // the view owns it
}

std::vector<Qt::Key> arrowKeys()
{
    return {Qt::Key_Left, Qt::Key_Right, Qt::Key_Up, Qt::Key_Down};
}

} // namespace widgets

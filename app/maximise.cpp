// SPDX-License-Identifier: GPL-3.0-or-later
// The part of MainWindow that lets one view fill it.
#include "app/mainwindow.h"
#include "app/panels/heading.h"
#include "app/panels/sidedock.h"
#include "widgets/parted.h"

#include <QStackedWidget>
#include <QTabBar>

namespace app {
namespace {

constexpr QLatin1String ofDock("dock/");

const QWidget* innermostUnderMouse(const QWidget& widget)
{
    for (const QObject* child : widget.children())
        if (const auto* inside = qobject_cast<const QWidget*>(child))
            if (inside->underMouse() && inside->isVisible() && !inside->isWindow())
                return innermostUnderMouse(*inside);
    return &widget;
}

} // namespace

void MainWindow::setBackKeys(const QString& keys)
{
    m_back->setWords(tr("%1 brings the other panels back").arg(keys));
}

QString MainWindow::tabInFront() const
{
    return m_tabs->tabData(m_tabs->currentIndex()).toString();
}

widgets::Parted* MainWindow::partsOf(QWidget* page) const
{
    for (QWidget* each : page->findChildren<QWidget*>())
        if (auto* parted = dynamic_cast<widgets::Parted*>(each); parted != nullptr)
            return parted;
    return nullptr;
}

// A part that is not there leaves its tab, or the window, whole.
void MainWindow::maximise()
{
    const QString section = m_maximised.startsWith(ofDock) ? m_maximised.mid(ofDock.size()) : QString();
    m_dock->setOnly(section);
    m_right->setOnly(section);
    const QString tab = m_maximised.section('/', 0, 0);
    for (int place = 0; place < m_tabs->count(); ++place)
        if (auto* parts = partsOf(m_pages->widget(place)))
            parts->setOnly(m_tabs->tabData(place).toString() == tab ? m_maximised.section('/', 1) : QString());
}

std::vector<std::pair<QString, QString>> MainWindow::views()
{
    const QString tab = tabInFront(), title = m_tabs->tabText(m_tabs->currentIndex());
    std::vector<std::pair<QString, QString>> all{{QStringLiteral("tab"), title}};
    if (const auto* parts = partsOf(m_pages->currentWidget()))
        for (const auto& [id, name] : parts->parts())
            all.emplace_back(tab + '/' + id, title + QStringLiteral(": ") + name);
    for (const SideDock* dock : {m_dock, m_right})
        for (const auto& [id, name] : dock->shown())
            all.emplace_back(ofDock + id, name);
    return all;
}

QString MainWindow::pointedView()
{
    const QWidget* at = innermostUnderMouse(*this);
    if (at == this) // or a menu is over it
        at = focusWidget();
    if (at == nullptr)
        return QStringLiteral("tab");
    for (const SideDock* dock : {m_dock, m_right})
        if (const QString section = dock->sectionAt(*at); !section.isEmpty())
            return ofDock + section;
    QWidget* page = m_pages->currentWidget();
    const auto* parts = page->isAncestorOf(at) ? partsOf(page) : nullptr;
    const QString part = parts != nullptr ? parts->partAt(*at) : QString();
    return part.isEmpty() ? QStringLiteral("tab") : tabInFront() + '/' + part;
}

} // namespace app

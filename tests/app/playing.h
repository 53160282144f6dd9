// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/studywork.h"
#include "tests/app/windowrig.h"

#include <QClipboard>
#include <QMimeData>
#include <QMouseEvent>
#include <QWheelEvent>

#include <optional>
#include <string>

// What tests that play a tab do with it.

inline void moveOver(QWidget& view, QPointF at)
{
    QMouseEvent event(QEvent::MouseMove, at, view.mapToGlobal(at), Qt::NoButton, Qt::NoButton, {});
    QCoreApplication::sendEvent(&view, &event);
}

inline void leave(QWidget& view)
{
    QEvent event(QEvent::Leave);
    QCoreApplication::sendEvent(&view, &event);
}

inline void turnWheel(QWidget& view, QPointF at)
{
    QWheelEvent event(at, view.mapToGlobal(at), {}, {0, 240}, Qt::NoButton, {}, Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(&view, &event);
}

// Some place of a view where pointing makes it, or the panel it is in, tell something else than at rest.
inline std::optional<QPoint> placeThatTells(const QWidget& panel, QWidget& view)
{
    leave(view);
    const QString rest = panel.accessibleDescription();
    constexpr int parts = 24;
    for (int y = 1; y < parts; ++y)
        for (int x = 1; x < parts; ++x) {
            const QPoint at(view.width() * x / parts, view.height() * y / parts);
            moveOver(view, at);
            if (panel.accessibleDescription() != rest)
                return at;
        }
    return std::nullopt;
}

inline std::string withTabOf(WindowRig& rig, const std::string& tab)
{
    rig.document.setPlan({1}, app::planWithTab(rig.document.state().lanes[1], tab));
    return tab;
}

inline void show(WindowRig& rig, const std::string& tab)
{
    app::ViewLayout layout = rig.document.state().layout;
    layout.tab = tab;
    rig.document.setLayout(layout);
}

// What the tab shows as a picture, and its numbers with named columns, by their shortcuts.
inline void exportsAFigure(WindowRig& rig)
{
    QApplication::clipboard()->clear();
    QTest::keyClick(&rig.window, Qt::Key_C, Qt::ControlModifier);
    QVERIFY(rig.rest());
    const QMimeData* copied = QApplication::clipboard()->mimeData();
    QVERIFY2(copied != nullptr && copied->hasImage(),
             rig.document.message() ? qPrintable(rig.document.message()->what) : "no picture");
    QTest::keyClick(&rig.window, Qt::Key_C, Qt::ControlModifier | Qt::ShiftModifier);
    QVERIFY(rig.rest());
    QVERIFY(QApplication::clipboard()->text().contains(','));
}

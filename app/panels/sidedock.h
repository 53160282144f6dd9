// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/theme.h"

#include <QStringList>

class QScrollArea;
class QVBoxLayout;

namespace app {

// A dock folded into a rail of upright names, one per section.
class Rail : public widgets::View
{
    Q_OBJECT

public:
    explicit Rail(QStringList names, QWidget* parent = nullptr);

    QSize sizeHint() const override;

    QSize minimumSizeHint() const override { return sizeHint(); }

signals:
    void asked();

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    double lengthOf(const QString& name) const;

    QStringList m_names;
    bool m_over = false;
};

// The left dock: sections one below the other, parted by hairlines; a rail of 28 px where the window is narrow.
class SideDock : public widgets::View
{
    Q_OBJECT

public:
    explicit SideDock(QWidget* parent = nullptr);

    // The last section given a stretch takes the room that is left.
    void addSection(const QString& name, QWidget* section, int stretch = 0);
    void finish(); // after the last section

    void setFolded(bool folded);

    bool folded() const { return m_folded; }

signals:
    void unfoldAsked();

protected:
    void paintEvent(QPaintEvent* event) override;
    void themeChanged() override;

private:
    void arrange();

    QScrollArea* m_scroll;
    QWidget* m_sections;
    QVBoxLayout* m_column;
    Rail* m_rail = nullptr;
    QStringList m_names;
    bool m_folded = false;
};

} // namespace app

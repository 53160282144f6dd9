// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/theme.h"

#include <QStringList>

#include <utility>
#include <vector>

namespace widgets {
class ColumnScroll;
}

class QVBoxLayout;

namespace app {

// A dock folded into a rail of upright names, one per section.
class Rail : public widgets::View
{
    Q_OBJECT

public:
    explicit Rail(QWidget* parent = nullptr);

    void setNames(const QStringList& names, bool opensLeft);

    QSize sizeHint() const override;

    QSize minimumSizeHint() const override { return {sizeHint().width(), sizeHint().height() / 4}; }

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
    bool m_opensLeft = false;
    bool m_over = false;
};

// A dock at the left or right: sections one below the other, parted by hairlines. Folded it is a rail of 28 px.
class SideDock : public widgets::View
{
    Q_OBJECT

public:
    enum class Side
    {
        Left,
        Right
    };

    explicit SideDock(Side side, QWidget* parent = nullptr);

    // In pixels of the 100 % interface, when it is open; `whole`: at least that, and all there is.
    void setBreadth(double breadth, bool whole);

    // The last section given a stretch takes the room that is left. Without a name it does not stand in the rail.
    void addSection(const QString& id, const QString& name, QWidget* section, int stretch = 0);

    void setShown(const QWidget& section, bool shown);
    void setOnly(const QString& id); // one section alone; empty or not there: all that are shown

    QString only() const; // the one that is alone; empty: none

    QString sectionAt(const QWidget& inside) const;         // its id; empty: of none
    std::vector<std::pair<QString, QString>> shown() const; // sections that have a name: id and name

    bool isEmpty() const { return m_names.isEmpty(); }

    void setFolded(bool folded);

    bool folded() const { return m_folded; }

signals:
    void unfoldAsked();

protected:
    void paintEvent(QPaintEvent* event) override;
    void themeChanged() override;

private:
    struct Section
    {
        QString id, name;
        QWidget* widget;
        QWidget* line; // above it; null: the first
        int stretch;
        bool shown = true;
    };

    void arrange();
    void showSections();

    Side m_side;
    double m_breadth = 240;
    bool m_whole = false;
    widgets::ColumnScroll* m_scroll;
    QWidget* m_sections;
    QVBoxLayout* m_column;
    Rail* m_rail;
    QStringList m_names;
    std::vector<Section> m_all;
    QString m_only;
    bool m_folded = false;
};

} // namespace app

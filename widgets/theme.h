// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QFont>
#include <QObject>
#include <QPalette>
#include <QWidget>

namespace widgets {

// Every colour, distance and size of type on screen. All of the program's look follows from one value of this.
struct Theme
{
    bool dark = false;
    double scale = 1.0; // of the interface, 0.8 to 3
    QColor window, panel, field, hairline, outline, text, secondary, disabled, hatch, grid, ring, halo, focus, ok;
    QColor warningText, warningGround, warningLine, errorText, errorGround, errorLine, hover, chosen;
    QColor plain; // series that are not methods

    static Theme light(double scale = 1.0);
    static Theme night(double scale = 1.0);

    // A length in pixels of the 100 % interface as whole pixels of this one, at least 1 where it is not 0.
    int px(double length) const;

    // Inter, else Noto Sans, else DejaVu Sans, at a size in pixels of the 100 % interface.
    QFont font(double size = bodySize, bool bold = false) const;
    QFont codeFont() const;

    QPalette palette() const;

    static constexpr double verdictSize = 22, resultSize = 16, bodySize = 13, labelSize = 11;
    static constexpr double gap1 = 4, gap2 = 8, gap3 = 12, gap4 = 16, gap5 = 24; // the spacing grid
};

// The program's one theme. Changing it repaints every view at once. GUI thread only.
class ThemeSource : public QObject
{
    Q_OBJECT

public:
    static ThemeSource& instance();

    const Theme& theme() const { return m_theme; }

    // Also gives the application its palette and font; the scale is held to 0.8…3.
    void set(bool dark, double scale);

signals:
    void changed();

private:
    ThemeSource();

    Theme m_theme;
};

// The theme in force.
const Theme& theme();

// Lays a widget out and paints it anew when the theme changes.
void followTheme(QWidget& widget);

// Base of every painted widget: follows the theme. A subclass lays itself out anew in themeChanged().
class View : public QWidget
{
    Q_OBJECT

public:
    explicit View(QWidget* parent = nullptr);

protected:
    virtual void themeChanged() {}
};

} // namespace widgets

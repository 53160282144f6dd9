// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/plot.h"
#include "widgets/theme.h"

#include <QPixmap>
#include <QStringList>

#include <functional>

namespace widgets {

// A plot on screen: hovering reads every series at the nearest place of x, arrow keys walk along it, a click keeps the
// reading until Esc or a second click. The wheel zooms along x, dragging pans, a double click shows all again.
class PlotView : public View
{
    Q_OBJECT

public:
    explicit PlotView(QWidget* parent = nullptr);

    void setPlot(PlotValue value);
    // How a number of y is read out: "15.1 ms". The default is its axis' format.
    void setReadout(std::function<QString(double)> readout, const QString& xUnit);

    const PlotValue& plot() const { return m_value; }

    const std::optional<double>& pinned() const { return m_pinned; }

    // What is read at a place of x, one line per series.
    QStringList readAt(double x) const;

    // The ends of x that are shown; none: all of it.
    const std::optional<std::pair<double, double>>& zoom() const { return m_zoom; }

    void setZoom(std::optional<std::pair<double, double>> zoom);

    PlotLayout layoutNow() const; // where values stand

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void zoomed(); // by hand

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool event(QEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void themeChanged() override;

private:
    void redraw();
    PlotValue shown() const;            // with the zoom's ends
    std::vector<double> places() const; // every x, sorted
    std::optional<double> placeAt(QPointF point) const;
    void describe();
    void setRead(std::optional<double> x);
    void paintReadout(QPainter& painter) const;

    PlotValue m_value;
    std::function<QString(double)> m_readout;
    QString m_xUnit;
    std::optional<std::pair<double, double>> m_zoom; // along x
    std::optional<double> m_read;                    // under the pointer
    std::optional<double> m_pinned;                  // kept
    std::optional<QPointF> m_pressed;
    bool m_panned = false;
    std::pair<double, double> m_pressedZoom;
    bool m_focusRing = false;
    QPixmap m_static;
};

} // namespace widgets

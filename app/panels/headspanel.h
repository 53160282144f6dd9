// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/headsgrid.h"
#include "widgets/theme.h"

#include <vector>

class QLabel;
class QPushButton;
class QVBoxLayout;

namespace widgets {
class LayerErrors;
} // namespace widgets

namespace app {

class Heading;

// What the panel shows.
struct HeadsValue
{
    std::vector<widgets::HeadCell> heads; // in the order they are shown
    int columns = 1;
    bool sorted = false, causal = true;
    widgets::Identity method;
    QString metric;         // in words: "share of attention moved"
    QString mean, worst;    // under the grid
    QString label, meaning; // what the chosen head does, and how that is measured
    std::vector<double> local, accumulated;
    QString state;  // "updating…", "of the text before"
    QString offer;  // the button that starts it; empty: none
    QString reason; // above the button
};

// The head navigator of the left dock: every head of every layer, and the error by layer.
class HeadsPanel : public widgets::View
{
    Q_OBJECT

public:
    explicit HeadsPanel(QWidget* parent = nullptr);

    void setValue(HeadsValue value);
    void setPicked(engine::LayerIndex layer, engine::HeadIndex head);

    const HeadsValue& value() const { return m_value; }

    widgets::HeadsGrid& grid() { return *m_grid; }

    widgets::LayerErrors& errors() { return *m_errors; }

    QPushButton& offer() { return *m_offer; }

    QSize minimumSizeHint() const override; // its end is cut off where the window is low

signals:
    void runAsked();
    void worstAsked();
    void menuAsked(QPoint where); // global

protected:
    void paintEvent(QPaintEvent* event) override;
    void themeChanged() override;

private:
    void showNumbers();

    Heading* m_heading;
    widgets::HeadsGrid* m_grid;
    QLabel* m_numbers;
    QLabel* m_label;
    widgets::LayerErrors* m_errors;
    QLabel* m_reason;
    QPushButton* m_offer;
    QVBoxLayout* m_inner;
    HeadsValue m_value;
};

} // namespace app

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/attention/attentionwork.h"
#include "app/mainwindow.h"

#include <QStringList>

#include <optional>

namespace widgets {
struct Cell;
struct ColorScale;
} // namespace widgets

namespace app {

// What is known of the maps and heads → the Attention tab and the Heads panel: formats, decides nothing, works nothing
// out. app/attention/attentionwiring.cpp says when each is called.
class AttentionPresenter
{
public:
    AttentionPresenter(Document& document, MainWindow& window, AttentionWork& work)
        : m_document(document)
        , m_window(window)
        , m_work(work)
    {
    }

    void showMaps();
    void showMarks();
    void showSentence();
    void showRow();
    void showTools();
    void showHeads();
    void showHeading();

    // The place of a token in the maps, and the token a place of theirs points at.
    int cellOf(engine::TokenPos token) const;
    engine::TokenPos tokenAt(int cell) const;

    // Whether the maps are of q·k products: rows are keys, columns dimensions.
    bool neurons() const;
    std::optional<int> hovered = {}; // the dimension of the neurons pointed at

private:
    void showColumn(std::size_t place, std::size_t column);
    void showBars();
    void showNeuronsSentence();
    widgets::ColorScale scaleOf(const MapColumn& column) const;
    QStringList labels() const;
    QString nameOf(const MapColumn& column) const;
    QString summaryOf(const MapColumn& column) const;

    Document& m_document;
    MainWindow& m_window;
    AttentionWork& m_work;
};

} // namespace app

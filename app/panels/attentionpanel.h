// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/parted.h"
#include "widgets/theme.h"

#include <optional>

class QHBoxLayout;
class QStackedWidget;

namespace widgets {
class ArcsView;
class RowPlot;
class Sentence;
} // namespace widgets

namespace app {

class AttentionTools;
class Heading;
class MapsRow;

// The Attention tab: the sentence, maps or arcs, and the picked query's row.
class AttentionPanel : public widgets::View, public widgets::Parted
{
    Q_OBJECT

public:
    explicit AttentionPanel(QWidget* parent = nullptr);

    Heading& heading() { return *m_heading; }

    widgets::Sentence& sentence() { return *m_sentence; }

    MapsRow& maps() { return *m_maps; }

    widgets::RowPlot& row() { return *m_row; }

    widgets::ArcsView& arcs() { return *m_arcs; }

    AttentionTools& tools() { return *m_tools; }

    void setPicture(bool arcs); // else maps

    // Of how many maps there are; each is a part ("map 0"), and so are the arcs ("arcs") and the row ("row").
    void setMapCount(int count);
    std::optional<int> onlyMap() const; // the one that is to be shown alone

    std::vector<std::pair<QString, QString>> parts() const override;
    QString partAt(const QWidget& inside) const override;
    void setOnly(const QString& part) override;

    void setCompact(bool compact); // below 1500 px: no header of its own, smaller type

signals:
    void onlyChanged();

protected:
    void paintEvent(QPaintEvent* event) override;
    void themeChanged() override;

private:
    int rightMargin() const;
    void alignRow();
    bool arcsShown() const;
    void showParts();

    Heading* m_heading;
    AttentionTools* m_tools;
    widgets::Sentence* m_sentence;
    QStackedWidget* m_pictures;
    MapsRow* m_maps;
    widgets::ArcsView* m_arcs;
    widgets::RowPlot* m_row;
    QHBoxLayout* m_inset = nullptr;
    QHBoxLayout* m_rowInset = nullptr;
    bool m_compact = false;
    int m_mapCount = 0;
    QString m_only;
};

} // namespace app

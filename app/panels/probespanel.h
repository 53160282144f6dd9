// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/paint.h"
#include "widgets/theme.h"

#include <vector>

class QHBoxLayout;
class QListWidget;

namespace widgets {
class ProbePanel;
class Sentence;
} // namespace widgets

namespace app {

class Heading;

// A probe to choose: which lane's, its place among the method's, what it is called.
struct ProbeEntry
{
    int lane = 0;
    QString id, title, help;
    widgets::Identity method;

    bool operator==(const ProbeEntry&) const = default;
};

// The Probes tab: its sentence, below it every probe of the methods in the lanes at the left, the chosen one by its
// description at the right.
class ProbesPanel : public widgets::View
{
    Q_OBJECT

public:
    explicit ProbesPanel(QWidget* parent = nullptr);

    void setEntries(const std::vector<ProbeEntry>& entries);
    void setCurrent(const QString& id);

    const std::vector<ProbeEntry>& entries() const { return m_entries; }

    widgets::ProbePanel& probe() { return *m_probe; }

    Heading& heading() { return *m_heading; }

    widgets::Sentence& sentence() { return *m_sentence; }

    void setCompact(bool compact);

signals:
    void chosen(QString id);
    void exportAsked(); // of a figure

protected:
    void paintEvent(QPaintEvent* event) override;
    void themeChanged() override;

private:
    void fill();

    std::vector<ProbeEntry> m_entries;
    QString m_current;
    Heading* m_heading;
    widgets::Sentence* m_sentence;
    QHBoxLayout *m_inset, *m_row;
    QListWidget* m_list;
    widgets::ProbePanel* m_probe;
};

} // namespace app

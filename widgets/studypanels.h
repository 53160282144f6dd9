// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/parted.h"
#include "widgets/studypane.h"

#include <vector>

namespace widgets {

// The panels of a study where they belong: those of one row side by side by their shares, a hairline between rows; or
// the side panels below one another, as in a dock. Panels keep their widget, and with it focus and a drag, as long as
// their id stays.
class StudyPanels : public View, public Parted
{
    Q_OBJECT

public:
    enum class Place
    {
        Rows, // of the tab
        Side  // of the dock
    };

    explicit StudyPanels(Place place, QWidget* parent = nullptr);

    void setPanels(const std::vector<engine::Panel>& panels, const StudyNames& names);
    void setCompact(bool compact);

    const std::vector<StudyPane*>& panes() const { return m_panes; } // in their order

    std::vector<std::pair<QString, QString>> parts() const override; // by the panels' ids
    QString partAt(const QWidget& inside) const override;
    void setOnly(const QString& part) override;

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;
    int heightForWidth(int width) const override;

signals:
    void picked(const std::vector<widgets::StudyPick>& picks);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void themeChanged() override;

private:
    struct Row
    {
        std::vector<StudyPane*> panes;
        double share = 0; // of the height
        int least = 0;    // pixels
    };

    double between() const; // two panels of a row
    double last() const;    // right of a row
    std::vector<std::vector<StudyPane*>> lines(double wide) const;
    std::vector<Row> rows(int width) const;
    int leastHeight(int width) const;
    std::vector<double> widthsOf(const Row& row, int height) const;
    void arrange();
    std::vector<StudyPane*> shown() const; // one, or all
    void laidOutAnew();
    StudyPane* reuse(const std::string& id, std::vector<StudyPane*>& old);

    Place m_place;
    bool m_compact = false;
    std::vector<StudyPane*> m_panes;
    QString m_only;
    std::vector<int> m_lines; // where hairlines stand
};

} // namespace widgets

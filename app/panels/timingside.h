// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/documentstate.h"
#include "widgets/factsview.h"

#include <QScrollArea>

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QVBoxLayout;

namespace app {

// The right column of the Timing tab: facts, the sweep's settings with its price, the command that repeats it.
class TimingSide : public QScrollArea
{
    Q_OBJECT

public:
    explicit TimingSide(QWidget* parent = nullptr);

    // Sections, in their order; empty ones are hidden.
    void setFacts(const std::vector<widgets::Facts>& facts);
    void setForm(const SweepForm& form);
    void setPrice(const QString& price, bool refused); // "about 40 s", or why it cannot run
    void setLeftOut(const QString& why);               // methods that will not be timed
    void setRunning(const QString& progress);          // empty: nothing runs
    void setCommand(const QString& command);

    SweepForm form() const;

    void setCompact(bool compact);
    void setStacked(bool stacked); // under the centre, as high as it must be

signals:
    void formChanged();
    void runAsked();
    void cancelAsked();
    void copyAsked();
    void reportAsked();

protected:
    void paintEvent(QPaintEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QWidget* makeForm();
    void applyTheme();

    QVBoxLayout* m_column;
    QVBoxLayout* m_buttons;
    std::vector<QWidget*> m_lines; // a hairline under each section
    std::vector<widgets::FactsView*> m_facts;
    QLineEdit* m_lengths;
    QLineEdit* m_repeats;
    QComboBox* m_mask;
    QComboBox* m_methods;
    QPushButton* m_run;
    QLabel* m_price;
    QLabel* m_left;
    widgets::FactsView* m_command;
    QPushButton* m_copy;
    QPushButton* m_report;
    bool m_running = false;
    bool m_compact = false;
    bool m_stacked = false;
};

} // namespace app

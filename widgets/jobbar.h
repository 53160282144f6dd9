// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/progress.h"
#include "widgets/theme.h"

#include <QElapsedTimer>

#include <optional>

namespace widgets {

class IconButton;

// What is running and how far: a line of 2 px at once, words and time after a second, cancel after two. It keeps its
// height while nothing runs, so that nothing moves.
class JobBar : public View
{
    Q_OBJECT

public:
    explicit JobBar(QWidget* parent = nullptr);

    // nullopt: nothing runs. The clock starts at the first progress after that.
    void setProgress(std::optional<engine::Progress> progress);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void cancelled();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void timerEvent(QTimerEvent* event) override;
    void themeChanged() override;

private:
    void place();

    std::optional<engine::Progress> m_progress;
    QElapsedTimer m_clock;
    int m_timer = 0;
    IconButton* m_cancel;
};

} // namespace widgets

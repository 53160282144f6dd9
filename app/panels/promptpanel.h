// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/samplepath.h"
#include "widgets/theme.h"

#include <vector>

class QHBoxLayout;
class QPlainTextEdit;

namespace widgets {
class IconButton;
}

namespace app {

class Heading;

// The prompt: editable, run by its button or Ctrl+Return; the prompts that came with the checkpoint in a menu.
class PromptPanel : public widgets::View
{
    Q_OBJECT

public:
    explicit PromptPanel(QWidget* parent = nullptr);

    void setPrompt(const QString& text);
    void setTokens(int count);
    void setTakesIds(bool ids); // the model has no tokenizer: numbers stand for its tokens
    void setExamples(const std::vector<Prompt>& prompts);

    QString text() const;

signals:
    void runAsked(QString text);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void themeChanged() override;

private:
    void run();
    void showExamples();

    Heading* m_heading;
    widgets::IconButton* m_run;
    widgets::IconButton* m_more;
    QPlainTextEdit* m_text;
    QHBoxLayout* m_inset = nullptr;
    std::vector<Prompt> m_examples;
};

} // namespace app

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/document.h"
#include "app/lanes.h"
#include "app/mainwindow.h"
#ifndef Q_MOC_RUN // moc 6.4 cannot read <concepts>
#include "app/convert/conversion.h"
#endif
#include "app/convert/convertdialog.h"

#include <QObject>

#include <optional>

namespace app {

// Converts the open checkpoint (`subquad convert`) from the window: a dialog that says what it takes, a job, and the
// result is opened. Offers every method that declares it can; what is shown stays until the result is there.
class ConvertDesk : public QObject
{
    Q_OBJECT

public:
    ConvertDesk(Document& document, Lanes& lanes, MainWindow& window);

    bool offered() const; // a model is open, and a method can convert

public slots:
    void ask();
    void run(const app::ConvertForm& form);

private:
    ConversionRequest requestOf(const ConvertForm& form) const;
    ConvertForm startForm() const;
    void showPrice(ConvertDialog& dialog);
    void converted(const std::shared_ptr<const engine::Model>& model, const ConversionRequest& request,
                   const Conversion& conversion);

    Document& m_document;
    Lanes& m_lanes;
    MainWindow& m_window;
    std::optional<ConvertForm> m_last; // what was asked for last
};

} // namespace app

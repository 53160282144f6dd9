// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/timing.h"

#include <QByteArray>

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

namespace app {

// A sweep as a report, from the window, from `subquad report` and where there is no display: machine line, methods ×
// lengths with median, p20, p80 and raw samples, crossovers with their bands, settings, disturbed flags, the command.
// `provenance` is the JSON of app/provenance.h.

// One file with its charts as inline SVG; `pictures` are shown by name. Needs a QGuiApplication for its type; any
// thread.
void writeTimingHtml(std::ostream& out, const SweepResult& result, const std::string& title,
                     const QByteArray& provenance, const std::vector<std::string>& pictures = {});

// Tidy, one line per raw sample, with a data dictionary (explorer.md §5.4); what is not of one sample stands above it.
void writeTimingCsv(std::ostream& out, const SweepResult& result, const QByteArray& provenance);

// The object of `bench --json` with the settings, crossovers, bands and the command.
void writeTimingJson(std::ostream& out, const SweepResult& result, const QByteArray& provenance);

// By the suffix: .html, .csv or .json. Throws Error{Request} for another one, Error{File} where it cannot be written.
void writeTimingReport(const std::filesystem::path& path, const SweepResult& result, const std::string& title,
                       const QByteArray& provenance);

// Throws Error{Request} unless writeTimingReport would know the suffix.
void checkReportPath(const std::filesystem::path& path);

} // namespace app

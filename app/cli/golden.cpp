// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/golden.h"

#include "app/cli/grammar.h"
#include "engine/compute/embedded.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

using namespace engine;

namespace app::cli {
namespace {

Matrix matrixFrom(const QJsonArray& rows, int cols)
{
    Matrix matrix(rows.size(), cols);
    for (qsizetype i = 0; i < rows.size(); ++i) {
        const QJsonArray row = rows[i].toArray();
        if (row.size() != cols)
            throw Error(Fault::Internal, "golden.json: a row of " + std::to_string(row.size()) + " numbers; " +
                                             std::to_string(cols) + " were expected");
        for (qsizetype j = 0; j < cols; ++j)
            matrix(i, j) = row[j].toDouble();
    }
    return matrix;
}

std::vector<Matrix> perSlot(const Matrix& rows, int count)
{
    const Eigen::Index width = rows.cols() / count;
    std::vector<Matrix> parts;
    for (int slot = 0; slot < count; ++slot)
        parts.emplace_back(rows.middleCols(slot * width, width));
    return parts;
}

RopeKind ropeFrom(const QString& name)
{
    if (name == QLatin1String("half"))
        return RopeKind::RotateHalf;
    return name == QLatin1String("interleaved") ? RopeKind::Interleaved : RopeKind::None;
}

QJsonArray casesOf(std::string_view method)
{
    const std::string path = "methods/" + std::string(method) + "/golden.json";
    const std::string_view text = embedded(path);
    const QJsonDocument document = QJsonDocument::fromJson(QByteArray(text.data(), qsizetype(text.size())));
    QJsonArray cases = document.object()["cases"].toArray();
    if (cases.isEmpty())
        throw Error(Fault::Internal, path + ": there are no cases");
    return cases;
}

std::string specOf(std::string_view method, const QJsonObject& object)
{
    const QJsonObject knobs = object["knobs"].toObject();
    std::string spec(method);
    for (const QString& id : knobs.keys())
        spec += (spec == method ? ":" : ",") + id.toStdString() + "=" + knobs[id].toString().toStdString();
    return spec;
}

void flatten(const QJsonValue& value, std::size_t depth, PlainTensor& to)
{
    if (!value.isArray()) {
        to.numbers.push_back(float(value.toDouble()));
        return;
    }
    const QJsonArray rows = value.toArray();
    if (to.shape.size() == depth)
        to.shape.push_back(std::size_t(rows.size()));
    for (const QJsonValue& row : rows)
        flatten(row, depth + 1, to);
}

PlainTensors tensorsFrom(const QJsonObject& object)
{
    PlainTensors tensors;
    for (const QString& name : object.keys())
        flatten(object[name], 0, tensors[name.toStdString()]);
    return tensors;
}

GoldenCase caseFrom(std::string_view method, const QJsonObject& object)
{
    GoldenCase golden;
    golden.name = object["name"].toString().toStdString();
    golden.shape = {object["heads"].toInt(), object["keyHeads"].toInt(), object["keyWidth"].toInt(),
                    object["valueWidth"].toInt(), object["causal"].toBool()};
    golden.positions = {ropeFrom(object["rope"].toString()), object["theta"].toDouble()};
    golden.part = parseSpec(specOf(method, object));
    const QJsonObject parameters = object["parameters"].toObject();
    for (const QString& name : parameters.keys()) {
        for (const QJsonValue number : parameters[name].toArray())
            golden.parameters[name.toStdString()].push_back(float(number.toDouble()));
    }
    const LayerShape& shape = golden.shape;
    golden.query = matrixFrom(object["query"].toArray(), shape.heads * shape.keyWidth);
    golden.key = matrixFrom(object["key"].toArray(), shape.keyHeads * shape.keyWidth);
    golden.value = matrixFrom(object["value"].toArray(), shape.keyHeads * shape.valueWidth);
    golden.mixed = matrixFrom(object["mixed"].toArray(), shape.heads * shape.valueWidth);
    golden.tolerance = object["tolerance"].toDouble();
    return golden;
}

} // namespace

LayerInput GoldenCase::input() const
{
    return {{}, perSlot(query, shape.heads), perSlot(key, shape.keyHeads), perSlot(value, shape.keyHeads)};
}

HeadTensors GoldenCase::tensors() const
{
    return {gridOf(query), gridOf(key), gridOf(value), {}};
}

std::vector<GoldenTensors> goldenTensors(std::string_view method)
{
    std::vector<GoldenTensors> cases;
    for (const QJsonValue value : casesOf(method)) {
        const QJsonObject object = value.toObject();
        GoldenTensors golden;
        golden.name = object["name"].toString().toStdString();
        golden.knobs = parseSpec(specOf(method, object)).knobs;
        golden.in = tensorsFrom(object["tensors"].toObject());
        golden.expected = tensorsFrom(object["expected"].toObject());
        golden.tolerance = object["tolerance"].toDouble();
        cases.push_back(std::move(golden));
    }
    return cases;
}

std::vector<GoldenCase> goldenCases(std::string_view method)
{
    std::vector<GoldenCase> cases;
    for (const QJsonValue value : casesOf(method))
        cases.push_back(caseFrom(method, value.toObject()));
    return cases;
}

} // namespace app::cli

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdexcept>
#include <string>
#include <variant>

namespace engine {

// What went wrong, by what the user can do about it (see architecture: File, Format and Shape name the
// file; Device offers the reference back end; Memory says the bytes; Request belongs to a field or an
// option; Internal is a defect of ours).
enum class Fault
{
    File,
    Format,
    Shape,
    Device,
    Memory,
    Request,
    Internal
};

// The one exception of the engine. The message is a sentence for the user: what, where, what was expected.
class Error : public std::runtime_error
{
public:
    Error(Fault fault, const std::string& message)
        : std::runtime_error(message)
        , m_fault(fault)
    {
    }

    Fault fault() const noexcept { return m_fault; }

private:
    Fault m_fault;
};

// Not an error: thrown by Job when a stop was asked for, caught by Worker and by nobody else.
struct Cancelled
{
};

// How long work ends. Outcome<void> is written Outcome<std::monostate>.
template <typename T>
using Outcome = std::variant<T, Error, Cancelled>;

} // namespace engine

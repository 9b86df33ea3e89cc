// Tracepoints where C++ has places of its own: namespaces, templates, inline functions, and exceptions that end scopes.
#include <cstdio>
#include <stdexcept>
#include <string>
#include <ust.h>

namespace shop {
UST_TRACEPOINT(cxx, in_namespace, UST_INFO, (str, what), (bool, is_well));
UST_SPAN_TRACEPOINT(cxx, scope, UST_INFO, (u32, depth));

template <typename T> void tell(T value) { ust_cxx_in_namespace(std::to_string(value).c_str(), value > T()); }

inline void fall(unsigned depth) {
    UST_SPAN(cxx, scope, depth);
    if (depth == 3)
        throw std::runtime_error("deep enough");
    fall(depth + 1);
}
} // namespace shop

int main() {
    shop::tell(1);
    shop::tell(-1.5);
    try {
        shop::fall(0);
    } catch (const std::exception &thrown) {
        UST_TRACEF("caught: %s", thrown.what());
        std::puts(thrown.what());
    }
    return 0;
}

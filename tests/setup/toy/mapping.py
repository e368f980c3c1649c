def verdict(celsius: float, warm_from: float) -> str:
    return "warm" if celsius >= warm_from else "cold"

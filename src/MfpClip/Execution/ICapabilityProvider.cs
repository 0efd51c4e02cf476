namespace MfpClip.Execution;

/// <summary>
/// Something that may offer more than its interface says: attention of single blocks, frozen weights, a choice of kernels. It is asked with
/// <see cref="GetService"/>, never cast, so that a wrapper offers what it wraps.
/// </summary>
public interface ICapabilityProvider
{
    /// <summary>What is requested, or <see langword="null"/> where it is not offered. Unless implemented: the object itself, if it is of that type.</summary>
    /// <param name="serviceType">An interface or class.</param>
    object? GetService(Type serviceType)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceType.IsInstanceOfType(this) ? this : null;
    }
}

/// <summary>Asks for capabilities by type.</summary>
public static class CapabilityProviderExtensions
{
    /// <summary>The capability, or <see langword="null"/> where it is not offered.</summary>
    /// <typeparam name="T">An interface or class.</typeparam>
    /// <param name="provider">Who is asked.</param>
    public static T? GetService<T>(this ICapabilityProvider provider)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(provider);
        return provider.GetService(typeof(T)) as T;
    }
}

using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using MfpClip.Execution;

namespace MfpClip.Backbones;

/// <summary>
/// Names what frozen networks compute for a feature store: by a hash of weights and settings where the network shows them, else by the object.
/// </summary>
internal static class FrozenFeatureKeys
{
    // Frozen weights do not change: each network is hashed once.
    private static readonly ConditionalWeakTable<IFrozenNetwork, string> Hashes = [];

    /// <param name="network">Backbone or CNN.</param>
    /// <param name="description">Of the network: its settings count, too.</param>
    /// <param name="what">What is computed.</param>
    /// <param name="precision">Precision (dtype).</param>
    /// <param name="device">Where.</param>
    public static FeatureKey Of(ICapabilityProvider network, StageDescription description, string what, ScalarType precision, Device device) =>
        network.GetService<IFrozenNetwork>() is { } frozen
            ? new() { Network = $"{Hashes.GetValue(frozen, Hash)}|{Settings(description)}", What = what, Precision = precision, Device = device.ToString() }
            : new() { Network = string.Empty, Instance = network, What = what, Precision = precision, Device = device.ToString() };

    // What settings say exactly where they are there, else what they say to people.
    private static string Settings(StageDescription description) =>
        description.Implementation.Length > 0 ? $"{description.Implementation}|{description.Settings}"
            : $"{description.Component}|{string.Join(',', description.Options)}";

    private static string Hash(IFrozenNetwork network)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, tensor) in network.FrozenWeights)
        {
            using var scope = torch.NewDisposeScope();
            hash.AppendData(Encoding.UTF8.GetBytes($"{name}|{tensor.dtype}|{string.Join(',', tensor.shape)}\n"));
            hash.AppendData(tensor.detach().cpu().contiguous().bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

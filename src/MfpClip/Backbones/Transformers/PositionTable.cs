using System.Collections.Concurrent;

namespace MfpClip.Backbones.Transformers;

/// <summary>The vision position table, resized to the grid of the input. The class token's row stays as it is.</summary>
internal sealed class PositionTable(Tensor table, PositionInterpolation interpolation) : IDisposable
{
    private const int KeptGrids = 8;
    private const double HubOffset = 0.1;
    private readonly ConcurrentDictionary<(long Rows, long Columns), Tensor> _resized = new();

    /// <summary>Side of the trained grid.</summary>
    public long Side { get; } = (long)Math.Round(Math.Sqrt(table.shape[0] - 1));

    /// <summary>Positions for a grid, <c>[1 + rows * columns, D]</c>; kept by this table.</summary>
    public Tensor For(long rows, long columns)
    {
        if (rows == Side && columns == Side)
        {
            return table;
        }

        if (_resized.TryGetValue((rows, columns), out var kept))
        {
            return kept;
        }

        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var made = Resize(table, rows, columns, interpolation);
        if (_resized.Count >= KeptGrids)
        {
            return made.MoveToOuterDisposeScope();
        }

        var ours = made.alias().DetachFromDisposeScope();
        var stored = _resized.GetOrAdd((rows, columns), ours);
        if (!ReferenceEquals(stored, ours))
        {
            ours.Dispose(); // another caller was first
        }

        return stored;
    }

    /// <summary>Resizes <c>[1 + g * g, D]</c> to <c>[1 + rows * columns, D]</c>.</summary>
    /// <remarks>
    /// Bicubic with antialias as open_clip's resize_pos_embed, bilinear as AnomalyCLIP's forward, bicubic as AdaCLIP's, bicubic with an offset as DINOv2's
    /// interpolate_pos_encoding (dinov2/models/vision_transformer.py); align_corners off in all.
    /// </remarks>
    public static Tensor Resize(Tensor table, long rows, long columns, PositionInterpolation interpolation)
    {
        using var scope = torch.NewDisposeScope();
        long side = (long)Math.Round(Math.Sqrt(table.shape[0] - 1));
        var grid = table.narrow(0, 1, side * side).to_type(ScalarType.Float32).view(side, side, -1).permute(2, 0, 1); // [D, g, g]
        var resized = MatrixProduct.Of(
            MatrixProduct.Of(Weights(side, rows, interpolation, table.device), grid),
            Weights(side, columns, interpolation, table.device).t()); // [D, rows, columns]
        return torch.cat([table.narrow(0, 0, 1), resized.permute(1, 2, 0).reshape(rows * columns, -1).to_type(table.dtype)], 0)
            .MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var tensor in _resized.Values)
        {
            tensor.Dispose();
        }

        table.Dispose();
    }

    /// <summary>One axis as a matrix <c>[output, input]</c>: each row holds the weights of the inputs that an output is made of.</summary>
    private static Tensor Weights(long input, long output, PositionInterpolation interpolation, Device device)
    {
        var weights = new float[output * input];
        double scale = input / (output + (interpolation == PositionInterpolation.BicubicOffset ? HubOffset : 0));
        for (long i = 0; i < output; i++)
        {
            var row = weights.AsSpan((int)(i * input), (int)input);
            if (interpolation == PositionInterpolation.Bilinear)
            {
                double at = Math.Max(((i + 0.5) * scale) - 0.5, 0);
                int low = (int)at;
                row[low] += (float)(1 - (at - low));
                row[Math.Min(low + 1, (int)input - 1)] += (float)(at - low);
                continue;
            }

            if (interpolation is PositionInterpolation.Bicubic or PositionInterpolation.BicubicOffset)
            {
                double at = ((i + 0.5) * scale) - 0.5;
                int start = (int)Math.Floor(at) - 1;
                for (int j = start; j < start + 4; j++)
                {
                    row[Math.Clamp(j, 0, (int)input - 1)] += (float)Cubic(at - j, -0.75);
                }

                continue;
            }

            double center = (i + 0.5) * scale;
            double stretch = Math.Max(scale, 1);
            int first = Math.Max((int)(center - (2 * stretch) + 0.5), 0);
            int end = Math.Min((int)(center + (2 * stretch) + 0.5), (int)input);
            double sum = 0;
            for (int j = first; j < end; j++)
            {
                sum += Cubic((j - center + 0.5) / stretch);
            }

            for (int j = first; j < end; j++)
            {
                row[j] = (float)(Cubic((j - center + 0.5) / stretch) / sum);
            }
        }

        return torch.tensor(weights, [output, input], device: device);
    }

    // Keys' kernel: a = -0.5 in antialiased bicubic of torch and Pillow, a = -0.75 in torch's without antialias.
    private static double Cubic(double x, double a = -0.5)
    {
        x = Math.Abs(x);
        return x < 1 ? ((((a + 2) * x) - (a + 3)) * x * x) + 1 : x < 2 ? a * ((((x - 5) * x + 8) * x) - 4) : 0;
    }
}

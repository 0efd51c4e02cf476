namespace MfpClip.Execution;

/// <summary>A capability of networks and modules that compute in float32: multiplying in bfloat16 beside towers that do.</summary>
public interface IBFloat16Compute
{
    /// <summary>Takes large products without gradients in bfloat16 from now on, or no longer; weights stay float32. Not during a running call.</summary>
    /// <param name="half">Whether in bfloat16.</param>
    void UseBFloat16(bool half);
}
